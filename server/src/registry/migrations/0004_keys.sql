-- Rotation of data keys: when the other key took its present part, so that a rotation that was stopped knows
-- how long servers have had to hear of it.
alter table tenants
  add other_data_key_since timestamptz,
  add constraint tenants_other_data_key_since check ((other_data_key is null) = (other_data_key_since is null)),
  -- No rotation can lose the key that opens the password, and no writer can bring back one that is gone.
  add constraint tenants_connection_key check
    (connection_key_version in (data_key_version, coalesce(other_data_key_version, data_key_version)));
