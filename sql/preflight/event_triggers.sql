-- Statements of every kind that the migrations consist of, on objects of their own, for event triggers to fire upon. To be
-- rolled back.

create schema vital_trial;
create table vital_trial.trial (id uuid constraint trial_pkey primary key, name varchar(10));
alter table vital_trial.trial add column note text default 'x', add constraint trial_check check (name <> '');
alter table vital_trial.trial alter column name type varchar(20), alter column note set not null;
alter table vital_trial.trial enable row level security;
create index idx_trial on vital_trial.trial (name);
create function vital_trial.trial() returns trigger language plpgsql as 'begin return new; end';
create trigger trial before insert on vital_trial.trial for each row execute function vital_trial.trial();
create policy trial on vital_trial.trial for select to authenticated using (true);
comment on table vital_trial.trial is 'To be rolled back.';
revoke all on vital_trial.trial from public;
grant select on vital_trial.trial to authenticated;
drop policy trial on vital_trial.trial;
drop trigger trial on vital_trial.trial;
alter function vital_trial.trial() rename to other;
drop function vital_trial.other();
drop index vital_trial.idx_trial;
drop table vital_trial.trial;
drop schema vital_trial;
