-- Overrides go back where older code looks for them; what is said of them besides, it cannot keep.
insert into pay.settings (tenant_id, key, value)
select tenant_id, 'flags', jsonb_object_agg(key, value) from pay.flag_overrides
where expires_at is null or expires_at > now()
group by tenant_id
on conflict (key, tenant_id) do update set value = excluded.value;
drop trigger retired_key on pay.settings;
drop trigger retired_key on pay.embed_keys;
drop function pay.refuse_retired_key();
drop table pay.flag_overrides;
drop table pay.key_floor;
