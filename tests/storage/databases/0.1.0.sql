BEGIN TRANSACTION;
CREATE TABLE entries (
            seq INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            grouping TEXT NOT NULL,
            key TEXT NOT NULL,
            body TEXT NOT NULL,
            commitment TEXT,
            hash TEXT NOT NULL,
            UNIQUE (kind, grouping, key)
        );
INSERT INTO "entries" VALUES(1,'judgment','','j1','{"answer":"grant"}','a4c04cd682316a4ed4c520f18a9874a4a6a41d8160e1ce564be053770f42464e','a22c56114c3f0cac9fc8a397e7753d497e6d83188af0ecf8a92b0820974d57d8');
INSERT INTO "entries" VALUES(2,'judgment','','j2','{"answer":"refuse"}','69f0a54c69eae7916b044ad0957091084372b377d2da8a5ecc5f1786b8eb1efb','ad450913773a5f31aa2e2fdb7c2a6b12f9509e286978b1b4d603c6ba7dbfd589');
INSERT INTO "entries" VALUES(3,'answer','','a1','{"p":0.25,"tokens":12}',NULL,'6651d3f36cdacf6d4ccc0ead1fd51ffa6946397cbe449b39e2d4f61a6e7cc63d');
INSERT INTO "entries" VALUES(4,'run-answer','run-1','a1','{}',NULL,'6dc6c2f54edf90d06eaf27050086811ec4774745d03a527f43ef61364da7b334');
INSERT INTO "entries" VALUES(5,'erasure','','2','{"grouping":"","key":"j2","kind":"judgment","why":"the rater asked for it"}',NULL,'78efeaf96259250fb56e5b81c819f655a31ebe5bfd83e41563f07bd5f7bdc02d');
CREATE TABLE payloads (
            seq INTEGER PRIMARY KEY,
            salt BLOB NOT NULL,
            payload TEXT NOT NULL
        );
INSERT INTO "payloads" VALUES(1,X'F98C9B0C6DDC491AB69E7E86246DD6A8','{"why":"it is only one day"}');
INSERT INTO "payloads" VALUES(2,X'00000000000000000000000000000000','                        ');
CREATE TABLE schema (position INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO "schema" VALUES(1,'entries');
INSERT INTO "schema" VALUES(2,'payloads');
CREATE INDEX entries_by_kind ON entries (kind);
CREATE INDEX entries_by_grouping ON entries (kind, grouping);
COMMIT;
