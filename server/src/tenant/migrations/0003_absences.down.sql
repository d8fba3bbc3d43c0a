alter table pay.attempts drop column absences;
