-- phase: expand
-- What is open at a tenant, said once: by kind, what it waits for and who is at it. Ask for kinds by name: the others
-- are not looked at then, and those that are asked every minute (delivery, outcome, late_news) have partial indexes.
-- security_invoker: row-level security is the reader's, not the owner's.
create view pay.open_work with (security_invoker = true) as
-- An ERP post or a receipt, due now or at due_at.
select tenant_id, 'delivery'::text as kind, id, payment_id, due_at, leased_until, created_at, tries
from pay.outbox where state = 'due'
union all
-- One that was given up: it waits for a person.
select tenant_id, 'dead_letter'::text, id, payment_id, due_at, leased_until, created_at, tries
from pay.outbox where state = 'dead'
union all
-- An attempt whose outcome is not known: the provider is asked at due_at.
select tenant_id, 'outcome'::text, id, payment_id, next_check_at, leased_until, created_at, checks
from pay.attempts where state in ('pending', 'requires_action', 'authorized')
union all
-- An attempt that has ended without money, and there is news of it: the provider is asked at due_at.
select tenant_id, 'late_news'::text, id, payment_id, next_check_at, leased_until, created_at, checks
from pay.attempts where state in ('declined', 'failed') and next_check_at < 'infinity'
union all
-- A payment whose outcome is not settled; its attempt is what is worked on.
select tenant_id, 'payment'::text, id, id, null::timestamptz, null::timestamptz, created_at, null::int
from pay.payments where state in ('pending', 'requires_action', 'authorized')
union all
-- A payment that waits for a person: the provider has taken what was not agreed.
select tenant_id, 'conflict'::text, id, id, null::timestamptz, null::timestamptz, created_at, null::int
from pay.payments where state = 'conflicted';

grant select on pay.open_work to :tenants;
