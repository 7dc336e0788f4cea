// TypeORM names every column in an insert, says default where it has no value, and reads generated columns back.

import 'reflect-metadata';
import { DataSource, EntitySchema } from 'typeorm';

import * as model from './model.mjs';
import { run, settings } from './scenario.mjs';

const types = {
    text: { type: 'text' },
    uuid: { type: 'uuid' },
    json: { type: 'jsonb' },
    int: { type: 'int' },
    bool: { type: 'boolean' },
    numeric: { type: 'numeric' },
    time: { type: 'timestamptz' },
    texts: { type: 'text', array: true },
    uuids: { type: 'uuid', array: true },
};

function entity(name, columns) {
    const built = Object.entries(columns).map(([column, [type, value]]) => {
        const options = { ...types[type], nullable: column !== 'name' };
        if (column === 'id') {
            return [column, { ...options, nullable: false, primary: true, generated: 'uuid' }];
        }
        if (column === 'created_at') {
            return [column, { ...options, nullable: false, createDate: true }];
        }
        if (column === 'updated_at') {
            return [column, { ...options, nullable: false, updateDate: true }];
        }
        return [column, value ? { ...options, default: () => value } : options];
    });
    return new EntitySchema({ name, columns: Object.fromEntries(built) });
}

const Agent = entity('agents', model.agents);
const Tenant = entity('tenants', model.tenants);
const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD } = process.env;
const source = new DataSource({
    type: 'postgres',
    host: PGHOST,
    port: Number(PGPORT),
    username: PGUSER,
    password: PGPASSWORD,
    database: PGDATABASE,
    entities: [Agent, Tenant],
    // Otherwise it would make an extension for uuids.
    installExtensions: false,
    logging: Boolean(process.env.CLIENTS_LOG),
    poolSize: 2,
});
await source.initialize();

await run('typeorm', {
    as: (claims, work) =>
        source.transaction(async (manager) => {
            await manager.query(settings[0]);
            await manager.query(settings[1](claims));
            return work(manager);
        }),
    insert: async (manager, row) => {
        const { id } = await manager.save(Agent, row);
        return manager.findOneBy(Agent, { id });
    },
    insertMany: async (manager, rows) => (await manager.insert(Agent, rows)).identifiers.length,
    all: (manager) => manager.find(Agent),
    find: async (manager, id) => (await manager.findOneBy(Agent, { id })) ?? undefined,
    update: async (manager, id, change) => (await manager.update(Agent, { id }, change)).affected,
    saveAll: (manager, row) =>
        manager.createQueryBuilder().update(Agent).set(row).where({ id: row.id }).returning('*').execute(),
    upsert: (manager, row) => manager.upsert(Agent, row, ['id']),
    remove: async (manager, id) => (await manager.delete(Agent, { id })).affected,
    tenants: (manager) => manager.findBy(Tenant, { status: 'active' }),
    saveTenant: (manager, row) => manager.createQueryBuilder().update(Tenant).set(row).where({ id: row.id }).execute(),
    close: () => source.destroy(),
});
