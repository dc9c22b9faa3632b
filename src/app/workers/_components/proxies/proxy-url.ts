/** The address as it is sent: with the credentials of the fields beside it, if they were used. Nothing is checked here. */
export function withCredentials(address: string, username: string, password: string): string {
  const typed = address.trim();
  if (username === '' && password === '') return typed;
  const [, scheme = 'http', rest = ''] = /^(?:([a-z][\w+.-]*):\/\/)?(.*)$/is.exec(typed) ?? [];
  const secret = password === '' ? '' : `:${encodeURIComponent(password)}`;
  return `${scheme}://${encodeURIComponent(username)}${secret}@${rest}`;
}
