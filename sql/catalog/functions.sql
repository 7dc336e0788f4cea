-- The functions of the tenancy.
-- Returns: object text, facts jsonb

select
    p.oid::regprocedure::text as object,
    jsonb_strip_nulls(jsonb_build_object(
        'arguments', pg_get_function_arguments(p.oid),
        'returns', pg_get_function_result(p.oid),
        'language', l.lanname,
        'volatility', case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
        'parallel', case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end,
        'security', case when p.prosecdef then 'definer' else 'invoker' end,
        'strict', p.proisstrict,
        'leakproof', p.proleakproof,
        'settings', array_to_string(p.proconfig, '; '),
        'body', p.prosrc,
        'owner', case
            when p.proowner = (select n.nspowner from pg_namespace as n where n.nspname = 'vital_private') then '<owner>'
            else pg_get_userbyid(p.proowner)::text
        end
    )) as facts
from pg_proc as p
join pg_language as l on l.oid = p.prolang
where p.oid in ({our_functions})
