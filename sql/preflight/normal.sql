-- The definition of an index or constraint without what PostgreSQL writes differently after a dump: casts, parentheses and
-- white space.
regexp_replace(regexp_replace(lower({definition}), '::(character varying|text|bpchar|name|uuid|integer|bigint|boolean|jsonb|timestamp with time zone)(\(\d+\))?(\[\])?| not valid$', '', 'g'), '[\s()]', '', 'g')
