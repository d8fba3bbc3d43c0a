drop index pay.audit_log_subject, pay.customers_name, pay.invoices_number, pay.outbox_booked, pay.payments_captured,
  pay.payments_by_total, pay.payments_by_time;
drop table pay.portal_sessions;
drop table pay.login_challenges;
revoke insert, update on pay.users from :tenants;
-- Older code knows nobody who was removed.
delete from pay.users where removed_at is not null;
alter table pay.users drop column removed_at, drop column joined_at, drop column invited_at, drop column name;
-- As 0016 has it.
grant insert (tenant_id, id, email, role) on pay.users to :tenants;
