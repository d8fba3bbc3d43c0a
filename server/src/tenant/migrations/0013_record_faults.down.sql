drop index pay.payments_conflicted;
drop index pay.outbox_dead;
drop table pay.record_faults;
