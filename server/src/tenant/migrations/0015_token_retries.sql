-- phase: expand
-- A session's answer can get lost on its way. The same embed token from the same browser key is a retry then, from
-- another it stays a replay: claimed_by is the digest of both, null where an edge of before named no key.
-- holders counts the requests that have not failed: at 0 no session came of the token, and it is free again.
alter table pay.used_tokens add column claimed_by bytea, add column holders int not null default 1;
