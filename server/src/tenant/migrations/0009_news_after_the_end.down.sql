-- Older code minds next_check_at of open attempts only: those that have ended keep theirs.
drop index pay.attempts_news_after_end;
