-- Older code takes every row for a token that is used up.
delete from pay.used_tokens where holders = 0;
alter table pay.used_tokens drop column claimed_by, drop column holders;
