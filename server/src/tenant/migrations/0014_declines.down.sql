drop table pay.declines;
alter table pay.attempts drop column subjects;
alter table pay.payments drop column coarse;
