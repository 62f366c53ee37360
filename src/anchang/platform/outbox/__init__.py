"""The outbox (发件箱): messages to customers and staff, queued in the transaction of what they tell, sent by a job."""
