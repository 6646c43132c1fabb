/** Each differs from another in a way that somebody's cache key once forgot. */
export const REQUESTS = [
    { integration: 'billing', asked: undefined, askedOtherwise: {}, label: 'billing' },
    { integration: 'crm', asked: undefined, askedOtherwise: {}, label: 'crm' },
    {
        integration: 'billing',
        asked: { tenant: 'one' },
        askedOtherwise: { tenant: 'one' },
        label: 'billing tenant=one',
    },
    {
        integration: 'billing',
        asked: { subject: 'one' },
        askedOtherwise: { subject: 'one' },
        label: 'billing subject=one',
    },
    {
        integration: 'billing',
        asked: { tenant: 'two' },
        askedOtherwise: { tenant: 'two' },
        label: 'billing tenant=two',
    },
    {
        integration: 'billing',
        asked: { scope: 'write read' },
        askedOtherwise: { scope: ['read', 'write', 'read'] },
        label: 'billing scope=read,write',
    },
];
//# sourceMappingURL=requests.js.map