-- phase: expand
-- Whose books an attempt is in, in the vendor's words; null: made before this was asked. Another account of the same
-- provider knows nothing of it, and must not be believed when it says so.
alter table pay.attempts add column provider_account text;
