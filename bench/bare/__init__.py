"""The least that a Streamlit application can be."""
