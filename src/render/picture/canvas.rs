//! The charting library's drawing surface: shapes as elements whose class says what they mean.

use std::collections::VecDeque;
use std::convert::Infallible;

use maud::{Markup, html};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::ink::Ink;
use crate::render::escape::visible;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Collects shapes.
pub struct Canvas<'a> {
    size: (u32, u32),
    /// The tips of the filled rectangles that are data, in the order in which they are drawn.
    tips: VecDeque<String>,
    shapes: &'a mut Vec<Markup>,
}

impl<'a> Canvas<'a> {
    pub fn new(size: (u32, u32), tips: VecDeque<String>, shapes: &'a mut Vec<Markup>) -> Self {
        Self { size, tips, shapes }
    }
}

fn ink(color: BackendColor) -> Ink {
    Ink::of(color.rgb)
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        let class = ink(color).class();
        self.shapes
            .push(html! { rect class=(class) x=(x) y=(y) width="1" height="1" {} });
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        let class = ink(style.color()).class();
        if style.color().alpha > 0.0 {
            self.shapes.push(html! {
                line class=(class) x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) {}
            });
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ink = ink(style.color());
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (width, height) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
        let tip = if fill && ink.is_data() {
            self.tips.pop_front()
        } else {
            None
        };
        if fill && width > 0 && height > 0 {
            self.shapes.push(html! {
                rect class=(ink.class()) x=(x) y=(y) width=(width) height=(height) {
                    @if let Some(tip) = &tip { title { (visible(tip)) } }
                }
            });
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<BackendCoord> = path.into_iter().collect();
        points
            .windows(2)
            .try_for_each(|ends| self.draw_line(ends[0], ends[1], style))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        if text.is_empty() || style.color().alpha == 0.0 {
            return Ok(());
        }
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let shift = match style.anchor().v_pos {
            VPos::Top => "0.8em",
            VPos::Center => "0.35em",
            VPos::Bottom => "-0.3em",
        };
        let turn = match style.transform() {
            FontTransform::None => None,
            FontTransform::Rotate90 => Some(90),
            FontTransform::Rotate180 => Some(180),
            FontTransform::Rotate270 => Some(270),
        };
        self.shapes.push(html! {
            text class=(ink(style.color()).class()) x=(x) y=(y) dy=(shift) text-anchor=(anchor)
                font-size=(style.size()) transform=[turn.map(|turn| format!("rotate({turn} {x} {y})"))] {
                (visible(text))
            }
        });
        Ok(())
    }
}
