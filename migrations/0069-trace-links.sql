-- What a PSP's webhook or a worker concludes belongs to a trace of its own, days after the request that caused it has ended.

alter table events add column tracelink text;
comment on column events.traceparent is 'W3C trace context in which the event was made: of a request, or of the work that concluded it';
comment on column events.tracelink is 'Of an event that a worker made: the trace context of the last request about the same order';
