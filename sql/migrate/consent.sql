-- Names, until the end of the transaction, the foreign policies that vital_private.replace_policies may replace.
select set_config('vital.replace_policies', $1, true)
