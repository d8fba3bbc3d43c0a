-- phase: expand
-- What a restore found sealed under keys that are gone, as table/id. It goes from the restored database before the
-- switch, and the run after one that was killed in between has to know.
alter table restores add unreadable_secrets text[] not null default '{}';
