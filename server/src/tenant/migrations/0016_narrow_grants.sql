-- phase: expand
-- needed: no
-- What a tenant's role may do to its own rows, narrowed to what servers do: whoever has its password can take part in
-- what happens from then on, and cannot make it seem that something else happened before. Code from before lives with
-- it, since it never did any of this; operators of before do not write audit rows in their own name any more.
--
-- A table or a column that comes later grants what its code does; operations/servers/tenant-grants.test.ts holds the
-- whole list against it, with the reasons.

-- Those of single columns go with them.
revoke insert, update, delete, truncate, references, trigger on all tables in schema pay from :tenants;

grant insert (tenant_id, key, value, ciphertext, key_version),
  update (value, ciphertext, key_version, updated_at), delete on pay.settings to :tenants;
grant insert (tenant_id, key, value, reason, set_by, expires_at),
  update (value, reason, set_by, set_at, expires_at), delete on pay.flag_overrides to :tenants;
grant insert (tenant_id, id, algorithm, secret_ciphertext, key_version, public_jwk, jwks_url),
  update (secret_ciphertext, key_version, revoked_at) on pay.embed_keys to :tenants;
grant insert (tenant_id, digest, expires_at, claimed_by, holders),
  update (claimed_by, holders), delete on pay.used_tokens to :tenants;
grant insert (tenant_id, id, email, role) on pay.users to :tenants;
grant insert (tenant_id, hash, spec, published_at) on pay.themes to :tenants;
grant insert (tenant_id, id, name, email, synced_at), update (name, email, synced_at) on pay.customers to :tenants;
grant insert (tenant_id, id, customer_id, number, currency, total_minor, open_minor, held_minor, settled_minor,
    issued_on, due_on, synced_at),
  update (customer_id, number, currency, total_minor, open_minor, held_minor, settled_minor, issued_on, due_on,
    synced_at) on pay.invoices to :tenants;
grant insert (tenant_id, customer_id, kind, record, why), update (why, seen_at), delete on pay.record_faults to :tenants;
grant insert (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor, total_minor, lines,
    card_brand, card_last4, action_url, reason, receipt_number, provider_ref, locale, conflict, coarse),
  update (state, amount_minor, surcharge_minor, total_minor, lines, action_url, reason, receipt_number, captured_at,
    provider_ref, updated_at, conflict) on pay.payments to :tenants;
grant insert (tenant_id, id, payment_id, provider, provider_account, token, statement, return_origin, subjects, state,
    provider_ref, leased_until, checks, next_check_at, last_cause),
  update (token, state, provider_ref, leased_until, checks, absences, next_check_at, last_cause, capture_number,
    capture_errors, capture_failed_at, decision, giving_back_minor) on pay.attempts to :tenants;
grant insert (tenant_id, payment_id, account, invoice_id, currency, amount_minor) on pay.ledger_entries to :tenants;
grant insert (tenant_id, id, kind, payment_id, state, tries, due_at, leased_until, last_cause, result, done_at),
  update (state, tries, due_at, leased_until, last_cause, result, done_at) on pay.outbox to :tenants;
grant insert (tenant_id, provider, event_id, reference) on pay.webhook_events to :tenants;
grant insert (tenant_id, subject, level, at, wait_until, coarse_until, slowed_at),
  update (level, at, wait_until, coarse_until, slowed_at), delete on pay.declines to :tenants;
grant insert (tenant_id, number, holder, until), update (holder, until) on pay.erp_turns to :tenants;
grant insert (tenant_id, actor, action, subject, detail) on pay.audit_log to :tenants;

-- An identity column numbers by itself; receipts are numbered by whoever captures.
revoke usage, update on all sequences in schema pay from :tenants;
grant usage on sequence pay.receipt_numbers to :tenants;

-- Who may write in an operator's name: a session that an administrator opened and that has taken the tenant's role on.
-- The owner of the table is told by its number, for roles have other names on every platform.
create function pay.refuse_operators_name(name text, relation oid) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if name ~ '^(operator|platform)(:|$)' and not pg_has_role(
    session_user, (select relowner from pg_class where oid = relation), 'member'
  ) then
    raise insufficient_privilege using message = format('%s writes nothing as %s', session_user, name);
  end if;
end $$;

-- The lock and the row before are the function's own, so that the role needs no right to lock anything.
create or replace function pay.chain_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head record;
begin
  perform pay.refuse_operators_name(new.actor, tg_relid);
  -- "audi" in ASCII.
  perform pg_advisory_xact_lock(x'61756469'::int);
  -- A snapshot of its own, so it sees what was committed while this waited, and rows of this very statement.
  select id, hash into head from pay.audit_log
  where tenant_id = new.tenant_id order by id desc limit 1;
  -- An import brings numbers and instants along.
  if new.id <= head.id then
    raise unique_violation using message = format('audit row %s does not follow %s', new.id, head.id);
  end if;
  new.id := coalesce(new.id, head.id + 1, 1);
  new.at := coalesce(new.at, clock_timestamp());
  new.prev_hash := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
  new.hash := pay.audit_hash(new.prev_hash, new);
  return new;
end $$;

create function pay.refuse_name() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pay.refuse_operators_name(new.set_by, tg_relid);
  return new;
end $$;
create trigger signed before insert or update of set_by on pay.flag_overrides
  for each row execute function pay.refuse_name();

create or replace function pay.refuse_retired_key() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- Shared among writers; the rotation takes it alone, so that it sees what they wrote ("keys" in ASCII).
  perform pg_advisory_xact_lock_shared(1801812339);
  if new.key_version < (select minimum_version from pay.key_floor where tenant_id = new.tenant_id) then
    raise exception 'sealed under a data key that is being retired' using errcode = 'KEY01';
  end if;
  return new;
end $$;

-- The instant at which the tenant's role writes a row is the database's to say. The owner brings instants along.
create function pay.stamp() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if pg_has_role(current_user, (select relowner from pg_class where oid = tg_relid), 'member') then
    return new;
  end if;
  return jsonb_populate_record(new, jsonb_build_object(tg_argv[0], now()));
end $$;
create trigger stamp before update on pay.settings for each row execute function pay.stamp('updated_at');
create trigger stamp before update on pay.flag_overrides for each row execute function pay.stamp('set_at');
create trigger stamp before update on pay.record_faults for each row execute function pay.stamp('seen_at');
create trigger stamp before update of revoked_at on pay.embed_keys for each row
  when (old.revoked_at is null and new.revoked_at is not null) execute function pay.stamp('revoked_at');
-- What is written for every payment says now() itself, and costs nothing then.
create trigger stamp before update of updated_at on pay.payments for each row
  when (new.updated_at is distinct from now()) execute function pay.stamp('updated_at');
create trigger stamp before insert or update of at on pay.declines for each row
  when (new.at is distinct from now()) execute function pay.stamp('at');
create trigger stamp before insert on pay.outbox for each row
  when (new.done_at <> now()) execute function pay.stamp('done_at');
create trigger stamp_end before update of done_at on pay.outbox for each row
  when (new.done_at is distinct from old.done_at and new.done_at <> now()) execute function pay.stamp('done_at');

-- What is final for the tenant's role: a key that was revoked, a payment that was captured, a delivery that was made;
-- and what was agreed, until the provider has taken something else and a person decides.
create function pay.refuse_rewrite() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if pg_has_role(current_user, (select relowner from pg_class where oid = tg_relid), 'member') then
    return new;
  end if;
  raise insufficient_privilege using message = format('%s of %s is final', tg_argv[0], tg_table_name);
end $$;
create trigger final before update of revoked_at on pay.embed_keys for each row
  when (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
  execute function pay.refuse_rewrite('revoked_at');
create trigger final before update of state, captured_at, receipt_number on pay.payments for each row
  when (old.state = 'captured' and (new.state, new.captured_at, new.receipt_number)
    is distinct from (old.state, old.captured_at, old.receipt_number))
  execute function pay.refuse_rewrite('the capture');
create trigger agreed before update of amount_minor, surcharge_minor, total_minor, lines on pay.payments for each row
  when (old.state <> 'conflicted' and (new.amount_minor, new.surcharge_minor, new.total_minor, new.lines)
    is distinct from (old.amount_minor, old.surcharge_minor, old.total_minor, old.lines))
  execute function pay.refuse_rewrite('the amount');
create trigger final before update of state, done_at on pay.outbox for each row
  when (old.state = 'done' and (new.state, new.done_at) is distinct from (old.state, old.done_at))
  execute function pay.refuse_rewrite('the delivery');

revoke execute on all functions in schema pay from public;
grant execute on function pay.current_tenant() to :tenants;
