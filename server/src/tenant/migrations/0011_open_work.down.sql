drop view pay.open_work;
