// A comment that names another thing.
package silent // want comment
