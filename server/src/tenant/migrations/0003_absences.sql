-- How often in a row the provider said it does not know the attempt. Apart from `checks`: a provider that
-- could not be asked has said nothing.
alter table pay.attempts add absences int not null default 0;
