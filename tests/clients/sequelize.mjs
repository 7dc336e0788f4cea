// Sequelize makes uuids and timestamps itself, and asks for every column back.

import { DataTypes, Sequelize } from 'sequelize';

import * as model from './model.mjs';
import { run, settings } from './scenario.mjs';

const types = {
    text: DataTypes.TEXT,
    uuid: DataTypes.UUID,
    json: DataTypes.JSONB,
    int: DataTypes.INTEGER,
    bool: DataTypes.BOOLEAN,
    numeric: DataTypes.DECIMAL,
    time: DataTypes.DATE,
    texts: DataTypes.ARRAY(DataTypes.TEXT),
    uuids: DataTypes.ARRAY(DataTypes.UUID),
};

const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD } = process.env;
const db = new Sequelize(PGDATABASE, PGUSER, PGPASSWORD ?? '', {
    dialect: 'postgres',
    host: PGHOST,
    port: PGPORT,
    logging: process.env.CLIENTS_LOG ? console.error : false,
    pool: { max: 2 },
});

function define(name, columns) {
    const attributes = Object.entries(columns).map(([column, [type]]) => {
        const attribute = { type: types[type] };
        if (column === 'id') {
            Object.assign(attribute, { primaryKey: true, defaultValue: DataTypes.UUIDV4 });
        }
        return [column, attribute];
    });
    return db.define(name, Object.fromEntries(attributes), {
        tableName: name,
        createdAt: 'created_at',
        updatedAt: 'updated_at',
    });
}

const Agent = define('agents', model.agents);
const Tenant = define('tenants', model.tenants);
const plain = (row) => row?.get({ plain: true });

async function save(Model, transaction, row) {
    const found = await Model.findByPk(row.id, { transaction });
    found.set(row);
    await found.save({ transaction, fields: Object.keys(Model.getAttributes()) });
}

await run('sequelize', {
    as: (claims, work) =>
        db.transaction(async (transaction) => {
            await db.query(settings[0], { transaction });
            await db.query(settings[1](claims), { transaction });
            return work(transaction);
        }),
    insert: async (transaction, row) => plain(await Agent.create(row, { transaction })),
    insertMany: async (transaction, rows) => (await Agent.bulkCreate(rows, { transaction })).length,
    all: async (transaction) => (await Agent.findAll({ transaction })).map(plain),
    find: async (transaction, id) => plain(await Agent.findByPk(id, { transaction })),
    update: async (transaction, id, change) => (await Agent.update(change, { where: { id }, transaction }))[0],
    saveAll: (transaction, row) => save(Agent, transaction, row),
    upsert: (transaction, row) => Agent.upsert(row, { transaction }),
    remove: (transaction, id) => Agent.destroy({ where: { id }, transaction }),
    tenants: async (transaction) =>
        (await Tenant.findAll({ where: { status: 'active' }, transaction })).map(plain),
    saveTenant: (transaction, row) => save(Tenant, transaction, row),
    close: () => db.close(),
});
