-- A database server that is switched off can be forgotten; what is kept of past moves names it still.
alter table moves
  drop constraint moves_from_server_fkey,
  drop constraint moves_to_server_fkey;
