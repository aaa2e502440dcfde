"""The attack list: one table of inputs, derived from the running application, and one module for each class of attack.

Which class of attack is shown where::

    every input × every payload        test_every_input: `inputs` by `payloads`, judged by `witness`
    filter, property, SQL injection    test_injection (CVE-2023-25157); expressions that would run (CVE-2024-36401)
    deep and huge filters, vertices    test_limits; questions and tiles that take too long: tests/conformance/test_cql2,
                                       tests/stores/test_tiles; a hostile subset: tests/sdi/service/test_extract
    traversal in every identifier      test_every_input with `payloads.traversal` (CVE-2026-9181)
    scripts, stored and reflected      test_script in Chromium; every answer: `witness.RAN`; tests/sdi/service/test_maps
    addresses to be asked (SSRF)       test_outbound (CVE-2026-42352); keys of tokens: tests/sdi/access/test_jwks
    entities, references, bombs        test_deliveries (CVE-2025-58360, TiTiler 1180), test_bombs,
                                       tests/sdi/test_hostile_deliveries
    tokens and keys                    tests/sdi/access/test_token; the same over HTTP: `conftest.forged`
    other web sites (CORS)             tests/sdi/service/access/test_sites; every answer: `witness.complaints`
    bytes that no library sends        tests/sdi/service/access/test_hostile

A route or a parameter added later is in the table by itself; a route whose parts nobody gave a right value fails
`test_every_route_is_known_with_an_address_that_answers`.
"""
