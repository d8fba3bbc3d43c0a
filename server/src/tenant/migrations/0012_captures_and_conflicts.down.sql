-- Older code asks for a capture under the first key: where another has taken the money, the charge shows it.
alter table pay.payments drop column conflict;
alter table pay.attempts
  drop column capture_number,
  drop column capture_errors,
  drop column capture_failed_at,
  drop column decision,
  drop column giving_back_minor;
