// What every client does, as the people of `vital demo`, and what must come of it.
//
// A client is an object of functions. `as(claims, work)` runs `work(tx)` in a transaction of role authenticated with the
// claims; the others do one thing with the table's rows in the client's own way.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

const person = (number) => `a0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const claims = (number) => JSON.stringify({ sub: person(number), role: 'authenticated' });
const ADMIN = 1, OWNER = 3, MEMBER = 5, STRANGER = 10;
const MERIDIAN = '2f1a3c58-6b0d-4e7f-9a84-51c0de7b3e26';

export const settings = [
    'set local role authenticated',
    (json) => `select set_config('request.jwt.claims', '${json.replaceAll("'", "''")}', true)`,
];

const steps = {
    async 'insert without an id'(client, world) {
        world.made = await client.as(claims(MEMBER), (tx) => client.insert(tx, { name: 'made' }));
        assert.equal(world.made.created_by_user_id, person(MEMBER));
        assert.ok(world.made.tenant_id);
    },
    async 'insert with an id of the client'(client, world) {
        const id = randomUUID();
        world.named = await client.as(claims(MEMBER), (tx) => client.insert(tx, { id, name: 'named' }));
        assert.equal(world.named.id, id);
        assert.equal(world.named.tenant_id, world.made.tenant_id);
    },
    async 'insert of several'(client, world) {
        const rows = [0, 1, 2].map((number) => ({ name: `bulk ${number}` }));
        const made = await client.as(claims(MEMBER), (tx) => client.insertMany(tx, rows));
        assert.equal(made, 3);
        // One that is never kept is there for whoever made it.
        await assert.rejects(
            client.as(claims(MEMBER), async (tx) => {
                const { id } = await client.insert(tx, { name: 'undone' });
                assert.ok(await client.find(tx, id));
                throw new Error('undone');
            }),
            /undone/,
        );
    },
    async 'read of everything'(client, world) {
        const [member, stranger] = await Promise.all(
            [MEMBER, STRANGER].map((who) => client.as(claims(who), (tx) => client.all(tx))),
        );
        const names = (rows) => rows.map((row) => row.name);
        assert.ok(names(member).includes('made') && names(member).includes('Adverse Event Triage'));
        assert.ok(!names(member).includes('Compound Pipeline Analyst') && !names(member).includes('undone'));
        assert.ok(names(stranger).includes('Compound Pipeline Analyst'));
        assert.ok(!names(stranger).includes('made') && member.length > 254 && stranger.length > 254);
        assert.equal(await client.as(claims(STRANGER), (tx) => client.find(tx, world.made.id)), undefined);
    },
    async 'update of one field'(client, world) {
        const change = (who) =>
            client.as(claims(who), (tx) => client.update(tx, world.made.id, { description: `by ${who}` }));
        assert.equal(await change(MEMBER), 1);
        assert.equal(await change(STRANGER), 0);
        const found = await client.as(claims(OWNER), (tx) => client.find(tx, world.made.id));
        assert.equal(found.description, `by ${MEMBER}`);
    },
    async 'update of every column'(client, world) {
        await client.as(claims(MEMBER), async (tx) => {
            const row = await client.find(tx, world.made.id);
            await client.saveAll(tx, { ...row, title: 'whole' });
        });
        const found = await client.as(claims(OWNER), (tx) => client.find(tx, world.made.id));
        assert.equal(found.title, 'whole');
        assert.equal(found.created_by_user_id, person(MEMBER));
    },
    async 'upsert'(client, world) {
        const id = randomUUID();
        for (const title of ['first', 'second']) {
            await client.as(claims(MEMBER), (tx) => client.upsert(tx, { id, name: 'upserted', title }));
            const found = await client.as(claims(MEMBER), (tx) => client.find(tx, id));
            assert.equal(found.title, title);
        }
        // The owner's tool writes back what it read.
        await client.as(claims(OWNER), async (tx) => {
            const row = await client.find(tx, id);
            await client.upsert(tx, { ...row, title: 'third' });
        });
        const found = await client.as(claims(MEMBER), (tx) => client.find(tx, id));
        assert.equal(found.title, 'third');
    },
    async 'sharing by an owner'(client, world) {
        const share = { is_shared: true, sharing_mode: 'selective', shared_with: [MERIDIAN] };
        const asked = (who, change) => client.as(claims(who), (tx) => client.update(tx, world.named.id, change));
        assert.equal(await asked(OWNER, share), 1);
        const seen = await client.as(claims(STRANGER), (tx) => client.find(tx, world.named.id));
        assert.equal(seen.name, 'named');
        assert.equal(await asked(STRANGER, { name: 'taken' }), 0);
        await client.as(claims(OWNER), async (tx) => {
            const row = await client.find(tx, world.named.id);
            await client.saveAll(tx, { ...row, title: 'whole' });
        });
        assert.equal(await asked(OWNER, { is_shared: false, sharing_mode: 'private', shared_with: null }), 1);
        assert.equal(await client.as(claims(STRANGER), (tx) => client.find(tx, world.named.id)), undefined);
    },
    async 'refusal, in words'(client, world) {
        const moved = client.as(claims(MEMBER), (tx) =>
            client.update(tx, world.made.id, { is_shared: true, sharing_mode: 'global' }),
        );
        const words = (error) => `${error.message} ${error.cause?.message} ${error.parent?.message} ${JSON.stringify(error.meta)}`;
        await assert.rejects(moved, (error) => /only an owner or admin/.test(words(error)));
    },
    async 'tenants: read, and written back with every column'(client) {
        const mine = await client.as(claims(OWNER), (tx) => client.tenants(tx));
        assert.equal(mine.length, 1);
        const branding = { color: '#123456', of: 'its owner' };
        await client.as(claims(OWNER), (tx) => client.saveTenant(tx, { ...mine[0], branding }));
        const [now] = await client.as(claims(MEMBER), (tx) => client.tenants(tx));
        assert.deepEqual(now.branding, branding);
        const all = await client.as(claims(ADMIN), (tx) => client.tenants(tx));
        assert.ok(all.length >= 3);
        for (const tenant of all) {
            await client.as(claims(ADMIN), (tx) => client.saveTenant(tx, tenant));
        }
    },
    async 'delete'(client, world) {
        const remove = (who) => client.as(claims(who), (tx) => client.remove(tx, world.made.id));
        assert.equal(await remove(STRANGER), 0);
        assert.equal(await remove(MEMBER), 1);
    },
};

/// Runs every step and prints one line; says what failed on lines of its own.
export async function run(name, client) {
    const world = {}, failed = [];
    for (const [title, step] of Object.entries(steps)) {
        try {
            await step(client, world);
        } catch (error) {
            failed.push(`${title}: ${error.stack ?? error}`);
        }
    }
    await client.close();
    const total = Object.keys(steps).length;
    console.log(`${name}: ${total - failed.length} of ${total} as expected`);
    for (const line of failed) {
        console.log(`    ${line.replaceAll('\n', '\n    ')}`);
    }
    process.exitCode = failed.length > 0 ? 1 : 0;
}
