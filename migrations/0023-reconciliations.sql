-- Which day of which account has been compared with the PSP's own list, so that one process does it.

create table reconciliations (
  psp          text not null,
  psp_account  text not null,
  day          date not null,
  begun_at     timestamptz not null,
  primary key (psp, psp_account, day)
);
