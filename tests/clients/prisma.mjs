// Prisma sends ids and moments of its own, and reads every column back.

import { PrismaPg } from '@prisma/adapter-pg';

import prisma from './generated/index.js';
import { run, settings } from './scenario.mjs';

const { PGHOST, PGPORT, PGUSER, PGDATABASE } = process.env;
const adapter = new PrismaPg({ host: PGHOST, port: Number(PGPORT), user: PGUSER, database: PGDATABASE, max: 2 });
const db = new prisma.PrismaClient({ adapter });

// A null of a json column has a name of its own, and a list is never null.
function data(row) {
    const json = ['capabilities', 'metadata', 'resource_access_config', 'branding', 'features', 'config', 'quotas'];
    return Object.fromEntries(
        Object.entries(row).map(([column, value]) => {
            if (value !== null) {
                return [column, value];
            }
            return [column, json.includes(column) ? prisma.Prisma.DbNull : column === 'shared_with' ? [] : null];
        }),
    );
}

await run('prisma', {
    as: (claims, work) =>
        db.$transaction(async (tx) => {
            await tx.$executeRawUnsafe(settings[0]);
            await tx.$queryRawUnsafe(settings[1](claims));
            return work(tx);
        }),
    insert: (tx, row) => tx.agents.create({ data: row }),
    insertMany: async (tx, rows) => (await tx.agents.createMany({ data: rows })).count,
    all: (tx) => tx.agents.findMany(),
    find: async (tx, id) => (await tx.agents.findUnique({ where: { id } })) ?? undefined,
    update: async (tx, id, change) => (await tx.agents.updateMany({ where: { id }, data: data(change) })).count,
    saveAll: (tx, row) => tx.agents.update({ where: { id: row.id }, data: data(row) }),
    upsert: (tx, row) =>
        tx.agents.upsert({ where: { id: row.id }, create: data(row), update: data(row) }),
    remove: async (tx, id) => (await tx.agents.deleteMany({ where: { id } })).count,
    tenants: (tx) => tx.tenants.findMany({ where: { status: 'active' } }),
    saveTenant: (tx, row) => tx.tenants.update({ where: { id: row.id }, data: data(row) }),
    close: () => db.$disconnect(),
});
