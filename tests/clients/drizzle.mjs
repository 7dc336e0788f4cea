// drizzle-orm names every column of a table in an insert, and says default where it has no value.

import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import * as pg from 'drizzle-orm/pg-core';
import { Pool } from 'pg';

import * as model from './model.mjs';
import { run, settings } from './scenario.mjs';

const types = {
    text: pg.text,
    uuid: pg.uuid,
    json: pg.jsonb,
    int: pg.integer,
    bool: pg.boolean,
    numeric: pg.numeric,
    time: () => pg.timestamp({ withTimezone: true }),
    texts: () => pg.text().array(),
    uuids: () => pg.uuid().array(),
};

function table(name, columns) {
    const built = Object.entries(columns).map(([column, [type, value]]) => {
        const builder = types[type]();
        return [column, value ? builder.default(sql.raw(value)) : builder];
    });
    return pg.pgTable(name, Object.fromEntries(built));
}

const agents = table('agents', model.agents);
const tenants = table('tenants', model.tenants);
const pool = new Pool({ max: 2 });
const db = drizzle(pool);

await run('drizzle', {
    as: (claims, work) =>
        db.transaction(async (tx) => {
            await tx.execute(sql.raw(settings[0]));
            await tx.execute(sql.raw(settings[1](claims)));
            return work(tx);
        }),
    insert: async (tx, row) => (await tx.insert(agents).values(row).returning())[0],
    insertMany: async (tx, rows) => (await tx.insert(agents).values(rows)).rowCount,
    all: (tx) => tx.select().from(agents),
    find: async (tx, id) => (await tx.select().from(agents).where(eq(agents.id, id)))[0],
    update: async (tx, id, change) => (await tx.update(agents).set(change).where(eq(agents.id, id))).rowCount,
    saveAll: (tx, row) => tx.update(agents).set(row).where(eq(agents.id, row.id)),
    upsert: (tx, row) =>
        tx.insert(agents).values(row).onConflictDoUpdate({ target: agents.id, set: row }).returning(),
    remove: async (tx, id) => (await tx.delete(agents).where(eq(agents.id, id))).rowCount,
    tenants: (tx) => tx.select().from(tenants).where(eq(tenants.status, 'active')),
    saveTenant: (tx, row) => tx.update(tenants).set(row).where(eq(tenants.id, row.id)),
    close: () => pool.end(),
});
