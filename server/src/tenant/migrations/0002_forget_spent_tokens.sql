-- A provider's token pays once: when its attempt is settled it is of use to nobody but a thief.
alter table pay.attempts alter column token drop not null;
update pay.attempts set token = null where state not in ('pending', 'requires_action', 'authorized');
