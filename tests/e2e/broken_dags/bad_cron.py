from etesian import DAG

DAG("bad_cron", schedule="61 * * * *")
# the error says: 61 * * * *
