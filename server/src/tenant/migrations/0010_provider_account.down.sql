alter table pay.attempts drop column provider_account;
