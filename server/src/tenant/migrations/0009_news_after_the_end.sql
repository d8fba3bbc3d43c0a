-- phase: expand
-- needed: no
-- Of an attempt that has ended the provider is asked only when there is news: next_check_at is infinity until then.
-- Where it gave no answer when there was, nobody asked again; those stay due.
update pay.attempts set next_check_at = 'infinity'
where state not in ('pending', 'requires_action', 'authorized')
  and last_cause is distinct from 'ended; the provider says unknown';
create index attempts_news_after_end on pay.attempts (next_check_at)
  where state in ('declined', 'failed') and next_check_at < 'infinity';
