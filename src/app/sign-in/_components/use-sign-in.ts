import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { ApiError, postJson } from '#components/api/api-client.ts';
import { useTypedEarly } from '#components/use-typed-early.ts';

/** @param next Where to go afterwards; the server's page for it checks that it is one of ours. */
export function useSignIn(next: string | null) {
  const form = useForm({
    initialValues: { token: '' },
    validate: { token: (value) => (value.trim() === '' ? 'Paste the admin token' : null) },
  });
  useTypedEarly(
    () => form.getInputNode('token') as HTMLInputElement | null,
    form.values.token,
    (typed) => form.setFieldValue('token', typed),
  );
  const signIn = useMutation({
    mutationFn: ({ token }: { token: string }) => postJson('/api/auth/sign-in', { token: token.trim() }),
    onSuccess: () => window.location.assign(ownPath(next)),
    onError: (error) => {
      if (error instanceof ApiError && error.fields.token !== undefined)
        form.setErrors({ token: sentence(error.fields.token) });
    },
  });
  const failure = signIn.error;
  const isFieldProblem = failure instanceof ApiError && failure.fields.token !== undefined;
  return {
    form,
    submit: (values: { token: string }) => signIn.mutate(values),
    pending: signIn.isPending || signIn.isSuccess,
    failure: failure === null || isFieldProblem ? null : failure.message,
  };
}

/** "is not the admin token" → "This is not the admin token". */
function sentence(problem: string): string {
  return problem.startsWith('is ') ? `This ${problem}` : problem;
}

/** Only a path of this site: "//host" and "/\host" are other sites to a browser. */
function ownPath(next: string | null): string {
  const url = next === null ? null : URL.parse(next, window.location.origin);
  if (url === null || url.origin !== window.location.origin || url.pathname.startsWith('/sign-in')) return '/scraping';
  return `${url.pathname}${url.search}`;
}
