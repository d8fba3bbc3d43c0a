-- Placeholder of a branch under way.
select 1;
