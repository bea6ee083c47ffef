from etesian import DAG

dag = DAG("bad_cron", schedule="61 * * * *")
# the error says: 61 * * * *
