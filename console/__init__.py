"""The console: pages in Streamlit. It draws and asks; core decides. No SQL, no Redis, no HTTP in here."""
