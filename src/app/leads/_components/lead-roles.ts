/** The roles that permits name; a source may write others, which are shown as they are. */
export const LEAD_ROLES = [
  { value: 'owner', label: 'Owner' },
  { value: 'applicant', label: 'Applicant' },
  { value: 'contractor', label: 'Contractor' },
] as const;

export function roleWord(role: string): string {
  return LEAD_ROLES.find(({ value }) => value === role)?.label ?? role.charAt(0).toUpperCase() + role.slice(1);
}
