-- phase: expand
-- A restore undoes the end of a tenant's audit log, and what is written next bears the numbers that were undone. With
-- (tenant_id, head_id) for a key, the anchor of such a row was taken for the one of the row that is gone, and not kept.
-- Code from before this names that key in its statements, so audit_anchors stays as it is for it, and what it anchors
-- is passed on; a later release drops it.

-- Heads of the tenants' audit chains, kept where the tenants' administrators cannot reach. Append-only.
create table audit_heads (
  tenant_id uuid not null,
  -- Id of the last row when it was taken, and that row's hash.
  head_id bigint not null,
  head_hash bytea not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, head_id, at)
);
revoke update, delete, truncate on audit_heads from current_user;

create function pass_on_anchor() returns trigger language plpgsql as $$
begin
  insert into audit_heads (tenant_id, head_id, head_hash, at)
  values (new.tenant_id, new.head_id, new.head_hash, new.at);
  return null;
end $$;
-- Before the copy: from here until this is committed nobody else anchors.
create trigger audit_anchors_passed_on after insert on audit_anchors
  for each row execute function pass_on_anchor();
insert into audit_heads (tenant_id, head_id, head_hash, at)
select tenant_id, head_id, head_hash, at from audit_anchors;
