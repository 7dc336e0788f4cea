-- id: sequences-behind
-- level: error
-- title: A sequence of the tenancy is behind the numbers that it gave
-- explanation: The next row gets a number that is taken, so the insert fails, and with it whatever is audited by it. Logical
--   replication copies rows without their sequences.
-- fix: Set the sequence as shown, on a replica before it takes over; `vital verify --fix` does it.
-- requires: vital_private.admin_audit_id_seq
-- mends: sequences

select
    'sequences-behind' as check_id,
    'error' as level,
    'sequence ' || u.name as object,
    'at least ' || u.highest as expected,
    case when u.is_called then u.last_value::text else 'not used yet' end as actual,
    null as explanation,
    format('select pg_catalog.setval(%L, %s);', u.name, u.highest) as fix
from (
    select
        'vital_private.admin_audit_id_seq' as name,
        s.last_value,
        s.is_called,
        (
            select max(a.id)
            from vital_private.admin_audit as a
        ) as highest
    from vital_private.admin_audit_id_seq as s
    union all
    select
        'vital_private.replaced_policies_id_seq',
        s.last_value,
        s.is_called,
        (
            select max(p.id)
            from vital_private.replaced_policies as p
        )
    from vital_private.replaced_policies_id_seq as s
) as u
where u.highest > case when u.is_called then u.last_value else 0 end
