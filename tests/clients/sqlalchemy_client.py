"""SQLAlchemy makes uuids itself, inserts many rows by one statement, and writes what has changed.

The same as scenario.mjs, step by step.
"""

import sys
import traceback
import uuid
from contextlib import contextmanager

from sqlalchemy import MetaData, Table, create_engine, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, registry

ADMIN, OWNER, MEMBER, STRANGER = 1, 3, 5, 10
MERIDIAN = uuid.UUID("2f1a3c58-6b0d-4e7f-9a84-51c0de7b3e26")

# The rest of the address is libpq's, in the environment.
engine = create_engine("postgresql+psycopg://", pool_size=2)


def person(number):
    return uuid.UUID(f"a0000000-0000-4000-8000-{number:012}")


@contextmanager
def acting(number):
    """A session whose one transaction is a request of the person."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.execute(text("set local role authenticated"))
        claims = f'{{"sub": "{person(number)}", "role": "authenticated"}}'
        session.execute(text("select set_config('request.jwt.claims', :claims, true)"), {"claims": claims})
        yield session


mapper = registry()
metadata = MetaData()
# As a client's own user, who may read the catalogue.
agents = Table("agents", metadata, autoload_with=engine)
tenants = Table("tenants", metadata, autoload_with=engine)


class Agent:
    pass


class Tenant:
    pass


mapper.map_imperatively(Agent, agents)
mapper.map_imperatively(Tenant, tenants)



def make(kind, **given):
    row = kind()
    for name, value in given.items():
        setattr(row, name, value)
    return row


def added(session, **given):
    row = make(Agent, **given)
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def find(who, agent_id):
    with acting(who) as session:
        return session.get(Agent, agent_id)


class Steps:
    def insert_without_an_id(self):
        with acting(MEMBER) as session:
            self.made = added(session, name="made")
        assert self.made.created_by_user_id == person(MEMBER) and self.made.tenant_id

    def insert_with_an_id_of_the_client(self):
        given = uuid.uuid4()
        with acting(MEMBER) as session:
            self.named = added(session, id=given, name="named")
        assert self.named.id == given and self.named.tenant_id == self.made.tenant_id

    def insert_of_several(self):
        with acting(MEMBER) as session:
            session.add_all([make(Agent, id=uuid.uuid4(), name=f"bulk {number}") for number in range(3)])
            session.add_all([make(Agent, name=f"bulk {number}") for number in range(3)])
        with acting(MEMBER) as session:
            made = session.execute(insert(agents).returning(agents.c.id), [{"name": f"bulk {n}"} for n in range(3)])
            assert len(made.all()) == 3

    def read_of_everything(self):
        def names(who):
            with acting(who) as session:
                return [row.name for row in session.scalars(select(Agent))]

        member, stranger = names(MEMBER), names(STRANGER)
        assert "made" in member and "Adverse Event Triage" in member and "Compound Pipeline Analyst" not in member
        assert "Compound Pipeline Analyst" in stranger and "made" not in stranger
        assert len(member) > 254 and len(stranger) > 254
        assert find(STRANGER, self.made.id) is None

    def update_of_one_field(self):
        def change(who):
            with acting(who) as session:
                statement = update(agents).where(agents.c.id == self.made.id).values(description=f"by {who}")
                return session.execute(statement).rowcount

        assert change(MEMBER) == 1 and change(STRANGER) == 0
        with acting(MEMBER) as session:
            session.get(Agent, self.made.id).description = "by the unit of work"
        assert find(OWNER, self.made.id).description == "by the unit of work"

    def update_of_every_column(self):
        with acting(MEMBER) as session:
            row = session.execute(select(agents).where(agents.c.id == self.made.id)).mappings().one()
            statement = update(agents).where(agents.c.id == self.made.id).values(**{**row, "title": "whole"})
            assert session.execute(statement).rowcount == 1
        found = find(OWNER, self.made.id)
        assert found.title == "whole" and found.created_by_user_id == person(MEMBER)

    def upsert(self):
        given = uuid.uuid4()

        def upserted(who, row):
            statement = insert(agents).values(row)
            rest = {name: statement.excluded[name] for name in row}
            with acting(who) as session:
                session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=rest).returning(agents))

        for title in ["first", "second"]:
            upserted(MEMBER, {"id": given, "name": "upserted", "title": title})
            assert find(MEMBER, given).title == title
        with acting(OWNER) as session:
            row = dict(session.execute(select(agents).where(agents.c.id == given)).mappings().one())
        upserted(OWNER, {**row, "title": "third"})
        assert find(MEMBER, given).title == "third"
        with acting(OWNER) as session:
            session.merge(make(Agent, id=given, name="merged"))
        assert find(MEMBER, given).name == "merged"

    def sharing_by_an_owner(self):
        def asked(who, **change):
            with acting(who) as session:
                return session.execute(update(agents).where(agents.c.id == self.named.id).values(**change)).rowcount

        assert asked(OWNER, is_shared=True, sharing_mode="selective", shared_with=[MERIDIAN]) == 1
        assert find(STRANGER, self.named.id).name == "named"
        assert asked(STRANGER, name="taken") == 0
        assert asked(OWNER, is_shared=False, sharing_mode="private", shared_with=None) == 1
        assert find(STRANGER, self.named.id) is None

    def refusal_in_words(self):
        try:
            with acting(MEMBER) as session:
                session.get(Agent, self.made.id).sharing_mode = "global"
        except Exception as error:
            assert "only an owner or admin" in str(error), error
        else:
            raise AssertionError("not refused")

    def tenants_read_and_written_back_with_every_column(self):
        branding = {"color": "#123456", "of": "its owner"}

        def written_back(who, **change):
            with acting(who) as session:
                rows = session.execute(select(tenants).where(tenants.c.status == "active")).mappings().all()
                for row in rows:
                    session.execute(update(tenants).where(tenants.c.id == row["id"]).values(**{**row, **change}))
                return len(rows)

        assert written_back(OWNER, branding=branding) == 1
        with acting(MEMBER) as session:
            assert session.scalars(select(Tenant)).one().branding == branding
        assert written_back(ADMIN) >= 3

    def delete(self):
        def removed(who):
            with acting(who) as session:
                return session.execute(delete(agents).where(agents.c.id == self.made.id)).rowcount

        assert removed(STRANGER) == 0 and removed(MEMBER) == 1


def main():
    steps, failed = Steps(), []
    names = [name for name in vars(Steps) if not name.startswith("_")]
    for name in names:
        try:
            getattr(steps, name)()
        except Exception:
            failed.append(f"{name}: {traceback.format_exc()}")
    print(f"sqlalchemy: {len(names) - len(failed)} of {len(names)} as expected")
    for line in failed:
        print("    " + line.replace("\n", "\n    "))
    return 1 if failed else 0


sys.exit(main())
