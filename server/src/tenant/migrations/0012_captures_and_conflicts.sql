-- phase: expand
alter table pay.attempts
  -- Which of the keys derived of the attempt's id a capture is asked under; raised before the next is sent.
  add column capture_number int not null default 1 check (capture_number > 0),
  -- How often the vendor answered this key with an error of its own, and since when.
  add column capture_errors int not null default 0,
  add column capture_failed_at timestamptz,
  -- What a person makes of a conflict: unpaid from when all of it is ordered to be given back, for that may have happened.
  add column decision text check (decision in ('paid', 'unpaid')),
  -- What was taken beyond what was agreed, while it is not known whether the order to give it back was carried out.
  add column giving_back_minor bigint check (giving_back_minor > 0);

-- Of a payment in conflict: {outcome, amountMinor, currency} as the provider said it, and held: whether its lines
-- still hold their invoices' balances, which they do not when it had ended before.
alter table pay.payments add column conflict jsonb;
update pay.payments p set conflict = jsonb_build_object(
    'outcome', coalesce(news.detail ->> 'outcome', 'captured'),
    'amountMinor', news.detail -> 'provider' ->> 'amountMinor',
    'currency', news.detail -> 'provider' ->> 'currency',
    'held', not exists (
      select from pay.audit_log e
      where e.subject = p.id::text and e.action in ('payment.declined', 'payment.failed')))
from (
  select distinct on (subject) subject, detail from pay.audit_log
  where action = 'payment.conflicted' order by subject, id desc
) news
where p.state = 'conflicted' and news.subject = p.id::text;
