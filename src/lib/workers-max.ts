/** Most workers that one machine may have: in the settings, by an order of the API, and on the page. */
export const WORKERS_MAX = 256;
