import { withAuth } from '#server/auth/with-auth.ts';
import { exportLeads, parseExportFormat } from '#server/leads/export-leads.ts';
import { leadFilterSchema } from '#server/leads/lead-filter.ts';
import { parseQuery } from '#server/parse-query.ts';

export const GET = withAuth(
  ({ query, context }) => {
    const format = parseExportFormat(query.get('format'));
    const filters = new URLSearchParams(query);
    filters.delete('format');
    return exportLeads(context.db, parseQuery(leadFilterSchema, filters), format, new Date());
  },
  { role: 'viewer' },
);
