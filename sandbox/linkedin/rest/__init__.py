"""api.linkedin.com: `/rest/{resource}` (versioned, Rest.li 2.0) and `/v2/userinfo`."""
