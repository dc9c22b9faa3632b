import { html, paragraphs, type SamplePage, title } from './sample-page.ts';

/** Pages that ask who we are. */
export const LOGIN_PAGES: readonly SamplePage[] = [
  {
    says: 'a redirect to /login',
    finalUrl: 'https://example.com/login?next=%2Flist',
    text: html(title('Welcome'), '<div id="app"></div>'),
  },
  {
    says: 'a redirect to /account/signin.aspx',
    finalUrl: 'https://example.com/account/SignIn.aspx',
    text: html('', ''),
  },
  { says: 'a redirect to a host that only signs in', finalUrl: 'https://login.example.com/start', text: html('', '') },
  { says: 'a redirect to a consent page', finalUrl: 'https://consent.example.com/m?continue=x', text: html('', '') },
  {
    says: 'a page that is a login form',
    text: html(
      title('Portal'),
      '<form action="/session"><input name="user"><input TYPE="Password" name="p"><button>Go</button></form>',
    ),
  },
  {
    says: 'a login page by its title, however much it says',
    text: html(title('Sign in to the portal'), `${paragraphs(40)}<form><input type=password></form>`),
  },
  {
    says: 'a login form with a captcha, far smaller than the pages here',
    medianBytes: 60_000,
    text: html(
      title('Log in'),
      '<form><input type="password"></form><p>Verify you are human</p><script src="https://www.google.com/recaptcha/api.js"></script>',
    ),
  },
  { says: 'status 401', status: 401, headers: { 'www-authenticate': 'Basic' }, text: html('', 'Unauthorized') },
];
